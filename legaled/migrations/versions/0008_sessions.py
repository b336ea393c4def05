"""sessions"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('study_session',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('collective', 'before_meeting', 'online', 'court', 'lecture', name='sessionkind', native_enum=False, length=20), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('starts', sa.DateTime(), nullable=False),
    sa.Column('ends', sa.DateTime(), nullable=False),
    sa.Column('place', sa.String(length=200), nullable=False),
    sa.Column('host', sa.String(length=60), nullable=False),
    sa.Column('agenda', sa.Text(), nullable=False),
    sa.Column('record', sa.Text(), nullable=False),
    sa.Column('late_from', sa.DateTime(), nullable=False),
    sa.Column('secret', sa.String(length=64), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.Column('created', sa.DateTime(), nullable=False),
    sa.Column('cancelled', sa.DateTime(), nullable=True),
    sa.Column('cancel_reason', sa.String(length=500), nullable=False),
    sa.CheckConstraint('starts <= late_from AND late_from <= ends', name=op.f('ck_study_session_late_in_between')),
    sa.CheckConstraint('starts < ends', name=op.f('ck_study_session_starts_before_ends')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_study_session_author_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_study_session'))
    )
    op.create_index('ix_study_session_starts', 'study_session', ['starts'])
    op.create_table('attendance',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('category', sa.Enum('established', 'contract', 'rehired', name='category', native_enum=False, length=20), nullable=False),
    sa.Column('unit_path', sa.String(length=400), nullable=False),
    sa.Column('unit_codes', sa.String(length=400), nullable=False),
    sa.Column('signed', sa.DateTime(), nullable=True),
    sa.Column('signed_by', sa.Enum('qr', 'code', 'paper', name='signedby', native_enum=False, length=20), nullable=True),
    sa.Column('late', sa.Boolean(), nullable=True),
    sa.Column('device', sa.String(length=64), nullable=True),
    sa.Column('leave', sa.String(length=200), nullable=False),
    sa.Column('misses', sa.Integer(), nullable=False),
    sa.Column('missed', sa.DateTime(), nullable=True),
    sa.Column('recorder_id', sa.Integer(), nullable=True),
    sa.Column('recorded', sa.DateTime(), nullable=True),
    sa.CheckConstraint('(signed IS NULL) = (signed_by IS NULL)', name=op.f('ck_attendance_signed_and_how')),
    sa.CheckConstraint("signed IS NULL OR leave = ''", name=op.f('ck_attendance_signed_or_leave')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_attendance_person_id_person')),
    sa.ForeignKeyConstraint(['recorder_id'], ['person.id'], name=op.f('fk_attendance_recorder_id_person')),
    sa.ForeignKeyConstraint(['session_id'], ['study_session.id'], name=op.f('fk_attendance_session_id_study_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attendance')),
    sa.UniqueConstraint('session_id', 'device', name=op.f('uq_attendance_session_id_device')),
    sa.UniqueConstraint('session_id', 'person_id', name=op.f('uq_attendance_session_id_person_id'))
    )
    op.create_index('ix_attendance_person_id', 'attendance', ['person_id'])
    op.create_table('session_law',
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('law', sa.String(length=200), nullable=False),
    sa.Column('part', sa.String(length=200), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['session_id'], ['study_session.id'], name=op.f('fk_session_law_session_id_study_session')),
    sa.PrimaryKeyConstraint('session_id', 'law', name=op.f('pk_session_law'))
    )
    op.create_table('session_photo',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('taken', sa.DateTime(), nullable=True),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('caption', sa.String(length=200), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.Column('added', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_session_photo_author_id_person')),
    sa.ForeignKeyConstraint(['session_id'], ['study_session.id'], name=op.f('fk_session_photo_session_id_study_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session_photo')),
    sa.UniqueConstraint('session_id', 'digest', name=op.f('uq_session_photo_session_id_digest'))
    )


def downgrade() -> None:
    op.drop_table('session_photo')
    op.drop_table('session_law')
    op.drop_index('ix_attendance_person_id', 'attendance')
    op.drop_table('attendance')
    op.drop_index('ix_study_session_starts', 'study_session')
    op.drop_table('study_session')
