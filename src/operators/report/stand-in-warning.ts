import { html, type Html } from './html.js';
import type { ReportInput } from './report-input.js';

/** A warning above all numbers if the stand-in encoder made the features. Empty if a real encoder did. */
export function standInWarning({ images, titles }: Pick<ReportInput, 'images' | 'titles'>): Html {
  const modalities = [
    ...new Set(
      images.features.filter(({ standIn }) => standIn).map(({ modality }) => titles[modality] ?? modality),
    ),
  ];
  if (modalities.length === 0) return html``;
  return html`<p class="warning">
    <strong>Not a result about patients.</strong> The ${modalities.join(' and ')} features are of the stand-in
    encoder: statistics of colour and texture in place of a pathology model. The numbers below show only that
    the pipeline works.
  </p>`;
}
