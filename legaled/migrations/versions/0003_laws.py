"""laws"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('law',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('created', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_law')),
    sa.UniqueConstraint('key', name=op.f('uq_law_key'))
    )
    op.create_table('law_alias',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('law_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['law_id'], ['law.id'], name=op.f('fk_law_alias_law_id_law')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_law_alias')),
    sa.UniqueConstraint('key', name=op.f('uq_law_alias_key'))
    )
    op.create_index('ix_law_alias_law_id', 'law_alias', ['law_id'])
    op.create_table('law_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('law_id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('promulgated', sa.Date(), nullable=True),
    sa.Column('effective', sa.Date(), nullable=True),
    sa.Column('history', sa.JSON(), nullable=False),
    sa.Column('preamble', sa.JSON(), nullable=False),
    sa.Column('source', sa.String(length=500), nullable=False),
    sa.Column('created', sa.DateTime(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_law_version_author_id_person')),
    sa.ForeignKeyConstraint(['law_id'], ['law.id'], name=op.f('fk_law_version_law_id_law')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_law_version')),
    sa.UniqueConstraint('law_id', 'digest', name=op.f('uq_law_version_law_id_digest'))
    )
    op.create_table('law_article',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('sub', sa.Integer(), nullable=False),
    sa.Column('heading', sa.Integer(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['version_id'], ['law_version.id'], name=op.f('fk_law_article_version_id_law_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_law_article')),
    sa.UniqueConstraint('version_id', 'number', 'sub', name=op.f('uq_law_article_version_id_number_sub'))
    )
    op.create_table('law_heading',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('level', sa.Enum('part', 'subpart', 'chapter', 'section', name='level', native_enum=False, length=20), nullable=False),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.Column('sub', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('parent', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['version_id'], ['law_version.id'], name=op.f('fk_law_heading_version_id_law_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_law_heading')),
    sa.UniqueConstraint('version_id', 'place', name=op.f('uq_law_heading_version_id_place'))
    )


def downgrade() -> None:
    op.drop_table('law_heading')
    op.drop_table('law_article')
    op.drop_table('law_version')
    op.drop_table('law_alias')
    op.drop_table('law')
