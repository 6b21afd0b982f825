"""Where the files of a run lie.

In: a run directory's root. Out: paths and URIs; nothing is read or written.
"""

from dataclasses import dataclass

from actors.storage.files import join


@dataclass(frozen=True)
class RunDirectory:
    """Names of the files of one run: ``<output>/<model>/<fingerprint>``."""

    root: str

    @classmethod
    def of(cls, output: str, model: str, fingerprint: str) -> "RunDirectory":
        """Name the directory of a run."""
        return cls(join(output, model, fingerprint))

    @property
    def config(self) -> str:
        """The resolved configuration, YAML."""
        return join(self.root, "config.yaml")

    @property
    def manifest(self) -> str:
        """What the run is made of: fingerprint, versions, counts, phases done."""
        return join(self.root, "manifest.json")

    @property
    def turns(self) -> str:
        """Folder of turn outputs."""
        return join(self.root, "turns")

    @property
    def scores(self) -> str:
        """Folder of scores."""
        return join(self.root, "scores")

    @property
    def judgements(self) -> str:
        """Folder of judges' verdicts."""
        return join(self.root, "judgements")

    @property
    def judges(self) -> str:
        """What the judges agreed on and failed at."""
        return join(self.root, "judges.json")

    @property
    def summary(self) -> str:
        """The summary table."""
        return join(self.root, "summary.parquet")

    def report(self, kind: str) -> str:
        """The report as ``json`` or ``md``."""
        return join(self.root, f"report.{kind}")
