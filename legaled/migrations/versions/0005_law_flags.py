"""law flags"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('law_flag',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('law_version_id', sa.Integer(), nullable=False),
    sa.Column('old_version_id', sa.Integer(), nullable=True),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('sub', sa.Integer(), nullable=False),
    sa.Column('new_number', sa.Integer(), nullable=True),
    sa.Column('new_sub', sa.Integer(), nullable=True),
    sa.Column('change', sa.Enum('added', 'repealed', 'changed', 'moved', name='change', native_enum=False, length=20), nullable=False),
    sa.Column('question_version_id', sa.Integer(), nullable=True),
    sa.Column('guide', sa.String(length=100), nullable=True),
    sa.Column('guide_digest', sa.String(length=64), nullable=False),
    sa.Column('flagged', sa.DateTime(), nullable=False),
    sa.Column('settled', sa.DateTime(), nullable=True),
    sa.Column('settled_by', sa.Integer(), nullable=True),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.CheckConstraint('(question_version_id IS NULL) != (guide IS NULL)', name=op.f('ck_law_flag_question_or_guide')),
    sa.ForeignKeyConstraint(['law_version_id'], ['law_version.id'], name=op.f('fk_law_flag_law_version_id_law_version')),
    sa.ForeignKeyConstraint(['old_version_id'], ['law_version.id'], name=op.f('fk_law_flag_old_version_id_law_version'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['question_version_id'], ['question_version.id'], name=op.f('fk_law_flag_question_version_id_question_version'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['settled_by'], ['person.id'], name=op.f('fk_law_flag_settled_by_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_law_flag')),
    sa.UniqueConstraint('law_version_id', 'guide', 'number', 'sub', name=op.f('uq_law_flag_law_version_id_guide_number_sub')),
    sa.UniqueConstraint('law_version_id', 'question_version_id', 'number', 'sub', name=op.f('uq_law_flag_law_version_id_question_version_id_number_sub'))
    )
    op.create_index('ix_law_flag_old_version_id', 'law_flag', ['old_version_id'])
    op.create_index('ix_law_flag_question_version_id', 'law_flag', ['question_version_id'])


def downgrade() -> None:
    op.drop_index('ix_law_flag_question_version_id', 'law_flag')
    op.drop_index('ix_law_flag_old_version_id', 'law_flag')
    op.drop_table('law_flag')
