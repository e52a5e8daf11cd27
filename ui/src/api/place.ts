/** Where the page is, as its shell says: Airflow's root path, the DAG, and the DAG run if it is a run's page. */

export class Place {
  constructor(
    readonly root: string,
    readonly dag: string,
    readonly run: string,
  ) {}

  static of(page: Document): Place {
    const said = (name: string) => page.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
    return new Place(said("airflow-root"), said("dag-id"), said("run-id"));
  }

  /** Our own JSON of the DAG. */
  api(...segments: string[]): string {
    return this.below("sensor-scoring/api/dags", this.dag, ...segments);
  }

  /** Airflow's REST API. */
  airflow(...segments: string[]): string {
    return this.below("api/v2", ...segments);
  }

  /** Airflow's own page of the DAG. */
  dagPage(...more: string[]): string {
    return this.below("dags", this.dag, ...more);
  }

  /** Airflow's own page of a DAG run, or of one of its mapped task instances. */
  runPage(run: string, ...more: string[]): string {
    return this.below("dags", this.dag, "runs", run, ...more);
  }

  signIn(address: string): string {
    return `${this.airflow("auth", "login")}?next=${encodeURIComponent(address)}`;
  }

  private below(first: string, ...segments: string[]): string {
    return [this.root, first, ...segments.map(encodeURIComponent)].join("/");
  }
}
