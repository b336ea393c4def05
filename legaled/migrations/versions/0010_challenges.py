"""challenges"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('challenge',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=100), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('preset', sa.String(length=20), nullable=False),
    sa.Column('rules', sa.JSON(), nullable=False),
    sa.Column('starts', sa.DateTime(), nullable=False),
    sa.Column('ends', sa.DateTime(), nullable=False),
    sa.Column('frozen_from', sa.DateTime(), nullable=True),
    sa.Column('revealed', sa.DateTime(), nullable=True),
    sa.Column('seed', sa.String(length=40), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.Column('created', sa.DateTime(), nullable=False),
    sa.Column('published', sa.DateTime(), nullable=True),
    sa.Column('cancelled', sa.DateTime(), nullable=True),
    sa.Column('cancel_reason', sa.String(length=500), nullable=False),
    sa.CheckConstraint('starts < ends', name=op.f('ck_challenge_starts_before_ends')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_challenge_author_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_challenge'))
    )
    op.create_index('ix_challenge_year', 'challenge', ['year'])
    op.create_table('challenge_bank',
    sa.Column('challenge_id', sa.Integer(), nullable=False),
    sa.Column('bank_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_challenge_bank_bank_id_bank')),
    sa.ForeignKeyConstraint(['challenge_id'], ['challenge.id'], name=op.f('fk_challenge_bank_challenge_id_challenge')),
    sa.PrimaryKeyConstraint('challenge_id', 'bank_id', name=op.f('pk_challenge_bank'))
    )
    op.create_table('challenge_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('challenge_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('category', sa.Enum('established', 'contract', 'rehired', name='category', native_enum=False, length=20), nullable=False),
    sa.Column('unit_path', sa.String(length=400), nullable=False),
    sa.Column('unit_codes', sa.String(length=400), nullable=False),
    sa.Column('runs', sa.Integer(), nullable=False),
    sa.Column('counted_runs', sa.Integer(), nullable=False),
    sa.Column('answered', sa.Integer(), nullable=False),
    sa.Column('right', sa.Integer(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.Column('best_millis', sa.Integer(), nullable=True),
    sa.Column('best_ended', sa.DateTime(), nullable=True),
    sa.Column('best_run_id', sa.Integer(), nullable=True),
    sa.Column('changed', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['challenge_id'], ['challenge.id'], name=op.f('fk_challenge_entry_challenge_id_challenge')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_challenge_entry_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_challenge_entry')),
    sa.UniqueConstraint('challenge_id', 'person_id', name=op.f('uq_challenge_entry_challenge_id_person_id'))
    )
    op.create_index('ix_challenge_entry_challenge_id_changed', 'challenge_entry', ['challenge_id', 'changed'])
    op.create_index('ix_challenge_entry_person_id', 'challenge_entry', ['person_id'])
    op.create_table('challenge_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('challenge_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('counted', sa.Boolean(), nullable=False),
    sa.Column('seed', sa.String(length=64), nullable=False),
    sa.Column('started', sa.DateTime(), nullable=False),
    sa.Column('deadline', sa.DateTime(), nullable=False),
    sa.Column('ended', sa.DateTime(), nullable=True),
    sa.Column('end', sa.String(length=20), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('answered', sa.Integer(), nullable=False),
    sa.Column('right', sa.Integer(), nullable=False),
    sa.Column('streak', sa.Integer(), nullable=False),
    sa.Column('millis', sa.Integer(), nullable=False),
    sa.Column('fast', sa.Integer(), nullable=False),
    sa.Column('voided', sa.DateTime(), nullable=True),
    sa.Column('voided_by', sa.Integer(), nullable=True),
    sa.Column('void_reason', sa.String(length=500), nullable=False),
    sa.CheckConstraint('ended IS NULL OR ended >= started', name=op.f('ck_challenge_run_ended_after_start')),
    sa.ForeignKeyConstraint(['challenge_id'], ['challenge.id'], name=op.f('fk_challenge_run_challenge_id_challenge')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_challenge_run_person_id_person')),
    sa.ForeignKeyConstraint(['voided_by'], ['person.id'], name=op.f('fk_challenge_run_voided_by_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_challenge_run')),
    sa.UniqueConstraint('challenge_id', 'person_id', 'day', 'number', name=op.f('uq_challenge_run_challenge_id_person_id_day_number'))
    )
    op.create_index('ix_challenge_run_ended_deadline', 'challenge_run', ['ended', 'deadline'])
    op.create_index('ix_challenge_run_person_id', 'challenge_run', ['person_id'])
    op.create_table('challenge_item',
    sa.Column('challenge_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['challenge_id'], ['challenge.id'], name=op.f('fk_challenge_item_challenge_id_challenge')),
    sa.ForeignKeyConstraint(['version_id'], ['question_version.id'], name=op.f('fk_challenge_item_version_id_question_version')),
    sa.PrimaryKeyConstraint('challenge_id', 'version_id', name=op.f('pk_challenge_item'))
    )
    op.create_index('ix_challenge_item_version_id', 'challenge_item', ['version_id'])
    op.create_table('challenge_slot',
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('option_order', sa.String(length=8), nullable=False),
    sa.Column('shown', sa.DateTime(), nullable=False),
    sa.Column('deadline', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['run_id'], ['challenge_run.id'], name=op.f('fk_challenge_slot_run_id_challenge_run')),
    sa.ForeignKeyConstraint(['version_id'], ['question_version.id'], name=op.f('fk_challenge_slot_version_id_question_version')),
    sa.PrimaryKeyConstraint('run_id', 'number', name=op.f('pk_challenge_slot')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_challenge_slot_version_id', 'challenge_slot', ['version_id'])
    op.create_table('challenge_step',
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('slot', sa.Integer(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('millis', sa.Integer(), nullable=False),
    sa.Column('in_time', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['run_id', 'slot'], ['challenge_slot.run_id', 'challenge_slot.number'], name=op.f('fk_challenge_step_run_id_slot_challenge_slot')),
    sa.PrimaryKeyConstraint('run_id', 'slot', name=op.f('pk_challenge_step')),
    sqlite_with_rowid=False
    )


def downgrade() -> None:
    op.drop_table('challenge_step')
    op.drop_index('ix_challenge_slot_version_id', 'challenge_slot')
    op.drop_table('challenge_slot')
    op.drop_index('ix_challenge_item_version_id', 'challenge_item')
    op.drop_table('challenge_item')
    op.drop_index('ix_challenge_run_person_id', 'challenge_run')
    op.drop_index('ix_challenge_run_ended_deadline', 'challenge_run')
    op.drop_table('challenge_run')
    op.drop_index('ix_challenge_entry_person_id', 'challenge_entry')
    op.drop_index('ix_challenge_entry_challenge_id_changed', 'challenge_entry')
    op.drop_table('challenge_entry')
    op.drop_table('challenge_bank')
    op.drop_index('ix_challenge_year', 'challenge')
    op.drop_table('challenge')
