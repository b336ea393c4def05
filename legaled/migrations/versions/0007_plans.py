"""plans"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

# Written out, because SQLite adds a column with its constraint in place only in this form.
COLUMNS = (
    "required_minutes INTEGER DEFAULT '0' NOT NULL"
    ' CONSTRAINT ck_exam_required_minutes_not_negative CHECK (required_minutes >= 0)',
    'required_plan_id INTEGER'
    ' CONSTRAINT fk_exam_required_plan_id_study_plan REFERENCES study_plan (id)',
)


def upgrade() -> None:
    op.create_table('material',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('filename', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('letters', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.Column('created', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_material_author_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material')),
    sa.UniqueConstraint('digest', name=op.f('uq_material_digest'))
    )
    op.create_table('study_plan',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=100), nullable=False),
    sa.Column('programme', sa.String(length=40), nullable=False),
    sa.Column('audience', sa.Enum('all', 'leaders', name='audience', native_enum=False, length=20), nullable=False),
    sa.Column('unit_ids', sa.JSON(), nullable=False),
    sa.Column('starts', sa.Date(), nullable=False),
    sa.Column('ends', sa.Date(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.Column('created', sa.DateTime(), nullable=False),
    sa.Column('published', sa.DateTime(), nullable=True),
    sa.Column('cancelled', sa.DateTime(), nullable=True),
    sa.Column('cancel_reason', sa.String(length=500), nullable=False),
    sa.CheckConstraint('minutes >= 0', name=op.f('ck_study_plan_minutes_not_negative')),
    sa.CheckConstraint('starts <= ends', name=op.f('ck_study_plan_starts_before_ends')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_study_plan_author_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_study_plan'))
    )
    op.create_index('ix_study_plan_year', 'study_plan', ['year'])
    op.create_table('plan_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('category', sa.Enum('established', 'contract', 'rehired', name='category', native_enum=False, length=20), nullable=False),
    sa.Column('unit_path', sa.String(length=400), nullable=False),
    sa.Column('unit_codes', sa.String(length=400), nullable=False),
    sa.Column('frozen', sa.DateTime(), nullable=False),
    sa.Column('removed', sa.DateTime(), nullable=True),
    sa.Column('exempt', sa.Enum('retiring', 'sick', 'abroad', 'seconded_away', 'lent', 'other', name='exemption', native_enum=False, length=20), nullable=True),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('reason_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_plan_entry_person_id_person')),
    sa.ForeignKeyConstraint(['plan_id'], ['study_plan.id'], name=op.f('fk_plan_entry_plan_id_study_plan')),
    sa.ForeignKeyConstraint(['reason_by'], ['person.id'], name=op.f('fk_plan_entry_reason_by_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_entry')),
    sa.UniqueConstraint('plan_id', 'person_id', name=op.f('uq_plan_entry_plan_id_person_id'))
    )
    op.create_index('ix_plan_entry_person_id', 'plan_entry', ['person_id'])
    op.create_table('study_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('law', 'guide', 'file', 'link', name='itemkind', native_enum=False, length=20), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('law_id', sa.Integer(), nullable=True),
    sa.Column('first', sa.String(length=40), nullable=False),
    sa.Column('last', sa.String(length=40), nullable=False),
    sa.Column('guide', sa.String(length=100), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=True),
    sa.Column('url', sa.String(length=500), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.CheckConstraint('minutes >= 0', name=op.f('ck_study_item_minutes_not_negative')),
    sa.ForeignKeyConstraint(['law_id'], ['law.id'], name=op.f('fk_study_item_law_id_law')),
    sa.ForeignKeyConstraint(['material_id'], ['material.id'], name=op.f('fk_study_item_material_id_material')),
    sa.ForeignKeyConstraint(['plan_id'], ['study_plan.id'], name=op.f('fk_study_item_plan_id_study_plan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_study_item')),
    sa.UniqueConstraint('plan_id', 'position', name=op.f('uq_study_item_plan_id_position'))
    )
    op.create_index('ix_study_item_law_id', 'study_item', ['law_id'])
    op.create_index('ix_study_item_material_id', 'study_item', ['material_id'])
    op.create_table('item_mark',
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('done', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['study_item.id'], name=op.f('fk_item_mark_item_id_study_item')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_item_mark_person_id_person')),
    sa.PrimaryKeyConstraint('item_id', 'person_id', name=op.f('pk_item_mark'))
    )
    op.create_index('ix_item_mark_person_id', 'item_mark', ['person_id'])
    for column in COLUMNS:
        op.execute(f"ALTER TABLE exam ADD COLUMN {column}")


def downgrade() -> None:
    with op.batch_alter_table('exam') as batch:
        batch.drop_constraint(op.f('ck_exam_required_minutes_not_negative'), type_='check')
        batch.drop_column('required_plan_id')
        batch.drop_column('required_minutes')
    op.drop_index('ix_item_mark_person_id', 'item_mark')
    op.drop_table('item_mark')
    op.drop_index('ix_study_item_material_id', 'study_item')
    op.drop_index('ix_study_item_law_id', 'study_item')
    op.drop_table('study_item')
    op.drop_index('ix_plan_entry_person_id', 'plan_entry')
    op.drop_table('plan_entry')
    op.drop_index('ix_study_plan_year', 'study_plan')
    op.drop_table('study_plan')
    op.drop_table('material')
