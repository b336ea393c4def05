"""taking back imports"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('spent_number',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_spent_number'))
    )
    op.create_index('ix_pool_item_version_id', 'pool_item', ['version_id'])


def downgrade() -> None:
    op.drop_index('ix_pool_item_version_id', 'pool_item')
    op.drop_table('spent_number')
