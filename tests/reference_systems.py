"""The blueprints of the five reference systems, read once for all the tests that look at them."""

from environments_app.schema import blueprint_files, load_blueprint
from tests.terraform_fixture import REPOSITORY_ROOT

FILES = {path.stem: path for path in blueprint_files(REPOSITORY_ROOT / "blueprints")}
BLUEPRINTS = {system: load_blueprint(path) for system, path in FILES.items()}
