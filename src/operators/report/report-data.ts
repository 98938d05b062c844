import { html, trustedMarkup, type Html } from './html.js';

/** Name of the file with the report page, in the artifact of the report and in the run directory. */
export const reportFile = 'report.html';

/** Facts that only the run knows when its report is put into the run directory, because a stage must not read the clock. */
export interface RunFacts {
  readonly run: string;
  /** When the run started: ISO 8601, UTC. */
  readonly createdAt: string;
  readonly codeVersion: string;
  /** Whether the patients are those of a cohort that "haf-pipeline synth" made. */
  readonly invented: boolean;
}

/** The placeholder for the facts in the stored page. It is a comment, so the page is valid without them. */
const place = '<!-- facts of the run -->';

export const runFactsPlace: Html = trustedMarkup(place);

/** The stored page with the facts of the run at the top. The artifact in the store does not change. */
export const withRunFacts = (page: string, facts: RunFacts): string =>
  page.replace(place, () => factsMarkup(facts).markup);

const factsMarkup = ({ run, createdAt, codeVersion, invented }: RunFacts): Html =>
  html`${
      invented
        ? html`<p class="warning">
            <strong>Invented patients.</strong> The cohort was made by a program. No number below is a result
            about patients.
          </p>`
        : ''
    }
    <p class="run-facts">
      Run <strong>${run}</strong>, started ${createdAt.slice(0, 10)} ${createdAt.slice(11, 16)} UTC,
      haf-pipeline ${codeVersion}
    </p>`;
