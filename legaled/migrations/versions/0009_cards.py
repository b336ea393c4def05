"""cards"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('card',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('question_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.Integer(), nullable=False),
    sa.Column('step', sa.Integer(), nullable=True),
    sa.Column('stability', sa.Double(), nullable=True),
    sa.Column('difficulty', sa.Double(), nullable=True),
    sa.Column('due', sa.DateTime(), nullable=False),
    sa.Column('last', sa.DateTime(), nullable=False),
    sa.Column('answers', sa.Integer(), nullable=False),
    sa.Column('misses', sa.Integer(), nullable=False),
    sa.Column('missed', sa.DateTime(), nullable=True),
    sa.Column('recalled', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_card_person_id_person')),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_card_question_id_question'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['version_id'], ['question_version.id'], name=op.f('fk_card_version_id_question_version'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('person_id', 'question_id', name=op.f('pk_card')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_card_person_id_due', 'card', ['person_id', 'due'])
    op.create_index('ix_card_question_id', 'card', ['question_id'])
    op.create_index('ix_card_version_id', 'card', ['version_id'])
    op.create_table('practice_answer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('question_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('run', sa.String(length=40), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('right', sa.Boolean(), nullable=False),
    sa.Column('due', sa.DateTime(), nullable=True),
    sa.Column('was_due', sa.Boolean(), nullable=False),
    sa.Column('expected', sa.Double(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_practice_answer_person_id_person')),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_practice_answer_question_id_question'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['version_id'], ['question_version.id'], name=op.f('fk_practice_answer_version_id_question_version'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_practice_answer')),
    sa.UniqueConstraint('person_id', 'run', 'question_id', name=op.f('uq_practice_answer_person_id_run_question_id'))
    )
    op.create_index('ix_practice_answer_person_id_at', 'practice_answer', ['person_id', 'at'])
    op.create_index('ix_practice_answer_question_id', 'practice_answer', ['question_id'])
    op.create_index('ix_practice_answer_version_id', 'practice_answer', ['version_id'])



def downgrade() -> None:
    op.drop_index('ix_practice_answer_version_id', 'practice_answer')
    op.drop_index('ix_practice_answer_question_id', 'practice_answer')
    op.drop_index('ix_practice_answer_person_id_at', 'practice_answer')
    op.drop_table('practice_answer')
    op.drop_index('ix_card_version_id', 'card')
    op.drop_index('ix_card_question_id', 'card')
    op.drop_index('ix_card_person_id_due', 'card')
    op.drop_table('card')
