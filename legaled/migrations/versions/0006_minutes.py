"""minutes"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('study_pulse',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=False),
    sa.Column('part', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_study_pulse_person_id_person')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_study_pulse'))
    )
    op.create_table('study_time',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=False),
    sa.Column('part', sa.String(length=40), nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=False),
    sa.CheckConstraint('seconds >= 0', name=op.f('ck_study_time_seconds_not_negative')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_study_time_person_id_person')),
    sa.PrimaryKeyConstraint('person_id', 'day', 'subject', 'part', name=op.f('pk_study_time')),
    sqlite_with_rowid=False
    )


def downgrade() -> None:
    op.drop_table('study_time')
    op.drop_table('study_pulse')
