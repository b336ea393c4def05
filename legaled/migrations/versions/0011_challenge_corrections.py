"""challenge corrections"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('challenge_correction',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('challenge_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.JSON(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('done_to', sa.Integer(), nullable=False),
    sa.Column('done', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_challenge_correction_author_id_person')),
    sa.ForeignKeyConstraint(['challenge_id'], ['challenge.id'], name=op.f('fk_challenge_correction_challenge_id_challenge')),
    sa.ForeignKeyConstraint(['version_id'], ['question_version.id'], name=op.f('fk_challenge_correction_version_id_question_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_challenge_correction'))
    )
    op.create_index('ix_challenge_correction_challenge_id', 'challenge_correction', ['challenge_id'])
    op.create_index('ix_challenge_correction_version_id', 'challenge_correction', ['version_id'])
    op.create_index('ix_challenge_correction_done', 'challenge_correction', ['done'])
    op.add_column('challenge_run', sa.Column(
        'given_back', sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column('challenge_run', 'given_back')
    op.drop_index('ix_challenge_correction_done', 'challenge_correction')
    op.drop_index('ix_challenge_correction_version_id', 'challenge_correction')
    op.drop_index('ix_challenge_correction_challenge_id', 'challenge_correction')
    op.drop_table('challenge_correction')
