/** An autoscale formula, and what came of its last evaluation. */

import { moment } from "../model/format.ts";
import { Facts } from "./Facts.tsx";
import { Notice } from "./Notice.tsx";
import { Printed } from "./Printed.tsx";

interface FormulaProps {
  readonly formula: string | null;
  readonly evaluatedAt: string | null;
  readonly result: Readonly<Record<string, number | string>>;
  readonly error: string | null;
  /** Said where there is no formula. */
  readonly without: string;
}

export function Formula({ formula, evaluatedAt, result, error, without }: FormulaProps) {
  const results = Object.entries(result).map(([name, value]) => [name, String(value)] as const);
  return (
    <>
      {error !== null && (
        <Notice tone="error" title="The last evaluation failed">
          {error}
        </Notice>
      )}
      {evaluatedAt !== null && <p class="soft">Last evaluated {moment(Date.parse(evaluatedAt))} UTC</p>}
      {results.length > 0 && (
        <div class="results">
          <Facts facts={results} />
        </div>
      )}
      {formula === null ? <p class="soft">{without}</p> : <Printed class="formula" text={formula} />}
    </>
  );
}
