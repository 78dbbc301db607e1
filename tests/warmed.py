"""What a process that is forked for a test finds done: libraries imported, templates compiled, the SDK's models read."""

import alembic.command
import mako.ext.pygmentplugin
import rich.progress
import typer

import reporter.report.export
import reporter.run.execute
import reporter.settings.load
from reporter.collect.models import table_loader
from reporter.collect.resources import ALLOWED
from reporter.report.render import Look, environment
from reporter.run.wiring import all_frameworks

LIBRARIES = (alembic.command, mako.ext.pygmentplugin, rich.progress, typer)
OURS = (reporter.report.export, reporter.run.execute, reporter.settings.load)

for name in environment(Look()).list_templates(extensions=["j2", "css"]):
    environment(Look()).get_template(name)
for service in sorted({service for service, _ in ALLOWED}):
    table_loader(None).load_service_model(service, "service-2")
all_frameworks(None)
