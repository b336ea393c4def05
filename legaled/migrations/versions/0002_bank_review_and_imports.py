"""bank review and imports"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


# Written out, because SQLite adds a column with its constraint in place only in this form; the
# other way copies the table, and the rows that point to it would forbid that.
COLUMNS = (
    ('bank', 'review BOOLEAN DEFAULT false NOT NULL'),
    ('exam', "practice_share INTEGER DEFAULT '100' NOT NULL"
             ' CONSTRAINT ck_exam_practice_share_percent CHECK (practice_share BETWEEN 0 AND 100)'),
    ('question_version', 'approver_id INTEGER'
                         ' CONSTRAINT fk_question_version_approver_id_person REFERENCES person (id)'),
    ('question_version', 'import_id INTEGER CONSTRAINT fk_question_version_import_id_bank_import'
                         ' REFERENCES bank_import (id)'),
)


def upgrade() -> None:
    op.create_table('bank_import',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('bank_id', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.Column('file', sa.String(length=200), nullable=False),
    sa.Column('created', sa.DateTime(), nullable=False),
    sa.Column('added', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('unchanged', sa.Integer(), nullable=False),
    sa.Column('undone', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_bank_import_author_id_person')),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_bank_import_bank_id_bank')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank_import')),
    sa.UniqueConstraint('token', name=op.f('uq_bank_import_token'))
    )
    op.create_index('ix_bank_import_bank_id', 'bank_import', ['bank_id'])
    op.create_index('ix_question_fingerprint', 'question', ['fingerprint'])
    for table, column in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.add_column('question_version', sa.Column('approved', sa.DateTime()))
    op.execute("UPDATE question_version SET approved = created")
    op.create_index('ix_question_version_import_id', 'question_version', ['import_id'])


def downgrade() -> None:
    op.drop_index('ix_question_version_import_id', 'question_version')
    for table, column in reversed(COLUMNS):
        with op.batch_alter_table(table) as batch:
            if table == 'exam':
                batch.drop_constraint(op.f('ck_exam_practice_share_percent'), type_='check')
            batch.drop_column(column.split()[0])
    op.drop_column('question_version', 'approved')
    op.drop_index('ix_question_fingerprint', 'question')
    op.drop_table('bank_import')
