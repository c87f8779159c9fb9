"""The import contract that import-linter does not bring along."""

import sys

from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.imports import Module


class StdlibOnly(Contract):
    """``module`` and what lies in it import only each other and Python's own library."""

    module = fields.ModuleField()

    def check(self, graph, verbose):
        room = self.module
        room = room.name if isinstance(room, Module) else str(room)
        if room not in graph.modules:  # not written yet
            return ContractCheck(kept=True, metadata={"strangers": []})
        inside = {room, *graph.find_descendants(room)}
        strangers = sorted(
            (importer, imported, detail["line_number"])
            for importer in inside
            for imported in graph.find_modules_directly_imported_by(importer) - inside
            if imported.split(".")[0] not in sys.stdlib_module_names
            for detail in graph.get_import_details(importer=importer, imported=imported)
        )
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def render_broken_contract(self, check):
        for importer, imported, line in check.metadata["strangers"]:
            output.print_error(f"{importer} (line {line}) imports {imported}", bold=False)
