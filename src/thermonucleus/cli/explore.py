"""`thermonucleus explore`: a page in the browser that shows what settings do."""

import argparse

from _thermonucleus_command.interrupts import loading
from thermonucleus.cli import models
from thermonucleus.cli.settings import refusing
from thermonucleus.cli.values import as_integer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.usage = "thermonucleus explore [options]"
    parser.description = (
        "Open a page that shows what temperature, top-p and all other settings do to a model's next token and to whole texts. It "
        "is served by this machine to itself alone, and takes nothing from elsewhere. Ctrl-C ends it."
    )
    parser.set_defaults(run=run, parser=parser, names={"port": "port"})
    models.add_model(parser)
    parser.add_argument(
        "--port",
        type=as_integer("--port"),
        default=0,
        metavar="N",
        help="where to serve it; 0 is any free port (default: %(default)s)",
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address, and open no browser")


def run(options: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C."""
    with loading():
        from thermonucleus.explore import check_port, serve
    with refusing(options):
        check_port(options.port)
    serve(options.model, port=options.port, browser=not options.no_browser)
