"""The questions: one file for each AWS service. Importing this package fills `reporter.assess.evaluate.CHECKS`.

Every file in it is imported by being there: a check of a service that had none is one new file, and no list to add it to.
"""

from importlib import import_module
from pkgutil import iter_modules

for _file in iter_modules(__path__, f"{__name__}."):
    import_module(_file.name)
