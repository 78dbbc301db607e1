"""Narrowed runs, the schedule that asked, who made each setting, what came and went unseen, signed heads."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('run', sa.Column('schedule', sa.Text(), nullable=False, server_default=''))
    op.add_column('run', sa.Column('selection', sa.Text(), nullable=True))
    op.add_column('attribution', sa.Column('settings', sa.Text(), nullable=True))
    op.create_table('reverted',
    sa.Column('run', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['content'], ['document.hash'], name=op.f('fk_reverted_content_document')),
    sa.ForeignKeyConstraint(['run'], ['run.number'], name=op.f('fk_reverted_run_run')),
    sa.PrimaryKeyConstraint('run', name=op.f('pk_reverted'))
    )
    op.create_table('head_signature',
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('run', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('chain', sa.Text(), nullable=False),
    sa.Column('algorithm', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('document', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['document'], ['document.hash'], name=op.f('fk_head_signature_document_document')),
    sa.ForeignKeyConstraint(['run'], ['run.number'], name=op.f('fk_head_signature_run_run')),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_head_signature')),
    sa.UniqueConstraint('run', 'key', name=op.f('uq_head_signature_run_key'))
    )


def downgrade() -> None:
    op.drop_table('head_signature')
    op.drop_table('reverted')
    op.drop_column('attribution', 'settings')  # in place: a table that others name cannot be made anew
    op.drop_column('run', 'selection')
    op.drop_column('run', 'schedule')
