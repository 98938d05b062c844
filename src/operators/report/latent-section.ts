import { spreadOf } from '../evaluation/spread-of.js';
import type { Figure } from './figure.js';
import { figureGrid, figureOf } from './figure-section.js';
import { paperSentences } from '../paper/paper-text.js';
import { html, type Html } from './html.js';
import { alignmentTitles } from './latent-figure.js';
import { spreadText, threeDigits } from './number-text.js';
import type { ReportInput } from './report-input.js';

/**
 * The effect of alignment on the latent space, as maps, vectors, singular values and numbers. Empty if the run has no
 * aligned method.
 */
export function latentSection(
  { latents, spectra, summary }: Pick<ReportInput, 'latents' | 'spectra' | 'summary'>,
  figures: { readonly latent: readonly Figure[]; readonly spectrum: readonly Figure[] },
): Html {
  if (latents.length === 0 && spectra.length === 0) return html``;
  return html`<section>
    <h2>Latent space</h2>
    <p class="aside">
      Before: with the initial weights of phi. After: with the weights that were kept. First two rows of
      figures: the test patients of one fold as a t-SNE map and the vectors of one of them.
      ${summary.paper === null ? '' : paperSentences.latent} Distances between clusters of a t-SNE map mean
      little; read the numbers below.
    </p>
    ${figures.latent.map(figureOf)} ${latents.length === 0 ? '' : similarityTable(latents)}
    ${spectra.length === 0 ? '' : shareTable(spectra)} ${figureGrid(figures.spectrum)}
  </section>`;
}

const similarityTable = (latents: ReportInput['latents']): Html =>
  html`<div class="scroll">
      <table>
        <caption>
          Similarity of latent vectors, test patients of one fold
        </caption>
        <thead>
          <tr>
            <th scope="col">Alignment</th>
            <th scope="col">When</th>
            <th scope="col">Cosine within patient</th>
            <th scope="col">Cosine between patients</th>
            <th scope="col">Leading share σ₁²/Σσ²</th>
          </tr>
        </thead>
        <tbody>
          ${latents.flatMap(({ alignment, map }) =>
            (['before', 'after'] as const).map(
              (when) =>
                html`<tr>
                  <th scope="row">${alignmentTitles[alignment]}</th>
                  <td>${when}</td>
                  <td>${threeDigits(map.similarity[when].withinPatient)}</td>
                  <td>${threeDigits(map.similarity[when].betweenPatients)}</td>
                  <td>${threeDigits(map.similarity[when].leadingShare)}</td>
                </tr>`,
            ),
          )}
        </tbody>
      </table>
    </div>
    <p class="aside">
      Within: pairs of modalities of one patient. Between: pairs of patients in one modality. Alignment should
      raise the first. If the second also rises to 1, patients can no longer be told apart.
    </p>`;

const shareTable = (spectra: ReportInput['spectra']): Html =>
  html`<div class="scroll">
    <table>
      <caption>
        Leading share σ₁²/Σσ² of test patients, mean ± deviation over folds
      </caption>
      <thead>
        <tr>
          <th scope="col">Trained by</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
          <th scope="col">Folds</th>
        </tr>
      </thead>
      <tbody>
        ${spectra.map(({ title, folds }) => {
          const share = (when: 'before' | 'after'): string =>
            spreadText(spreadOf(folds.map(({ spectrum }) => spectrum.test[when].leadingShare)));
          return html`<tr>
            <th scope="row">${title}</th>
            <td>${share('before')}</td>
            <td>${share('after')}</td>
            <td>${folds.length}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
