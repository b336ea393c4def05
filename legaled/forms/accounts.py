from wtforms import PasswordField, StringField

from legaled.domain.people import PASSWORD_MAX
from legaled.forms.base import Form, at_most, needed


class LoginForm(Form):
    number = StringField("工号", [needed("工号"), at_most(40)])
    password = PasswordField("密码", [needed("密码"), at_most(PASSWORD_MAX)])


class PasswordForm(Form):
    current = PasswordField("现在的密码", [needed("现在的密码"), at_most(PASSWORD_MAX)])
    chosen = PasswordField("新密码", [needed("新密码"), at_most(PASSWORD_MAX)])
    again = PasswordField("再输一次新密码", [needed("新密码")])
