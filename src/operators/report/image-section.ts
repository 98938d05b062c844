import type { Config } from '../../pipeline/config/schema.js';
import { stains } from '../../pipeline/core/hancock-names.js';
import { counted, listed } from '../../pipeline/core/wording.js';
import { contactSheet } from './contact-sheet.js';
import { html, type Html } from './html.js';
import type { ImageInput } from './image-input.js';
import type { TiledImage } from '../tiling/tiles-data.js';
import type { ReportInput } from './report-input.js';
import { undefinedText } from './number-text.js';

/** Maximum number of names of slides or patients in a sentence or cell. */
const mostNames = 12;

/** How images were tiled. Empty if features came as files. */
export function imageSection({
  images,
  titles,
  config,
}: Pick<ReportInput, 'images' | 'titles' | 'config'>): Html {
  if (images.tiled.length === 0) return html``;
  const withTiling = modalitiesOf(images.tiled);
  const sharingOnly = modalitiesOf(images.shared).filter((modality) => !withTiling.includes(modality));
  const notes = [...sharedTexts(images, titles), defaultMppText(images)];
  return html`<section>
    <h2>${titleOfSection(images, config)}</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <td></td>
            <th scope="col">Images</th>
            <th scope="col">With tiles</th>
            <th scope="col">Empty</th>
            <th scope="col">Failed</th>
            <th scope="col">Tiles</th>
            <th scope="col">Size of a pixel from</th>
            <th scope="col">Encoder</th>
          </tr>
        </thead>
        <tbody>
          ${withTiling.map((modality) => countRow(modality, titles[modality] ?? modality, images))}
          ${sharingOnly.map((modality) => countRow(modality, titles[modality] ?? modality, images))}
        </tbody>
      </table>
    </div>
    ${notes} ${config.data.layout === 'hancock' ? stainTable(images) : html``}
    ${contactSheet(images.tiled, titles, config.data.layout === 'hancock' ? 'core' : 'image')}
  </section>`;
}

/** The tissue is searched only in slides. Other images are tiled as a whole; for HANCOCK these are cores. */
function titleOfSection({ tiled }: ImageInput, { data }: Config): string {
  if (data.layout === 'hancock') return 'Slides and cores';
  const [slides, others] = [tiled.some(({ tissue }) => tissue), tiled.some(({ tissue }) => !tissue)];
  if (slides && others) return 'Slides and images';
  return slides ? 'Slides' : 'Images';
}

const modalitiesOf = (items: readonly { readonly modality: string }[]): readonly string[] => [
  ...new Set(items.map(({ modality }) => modality)),
];

/**
 * The images whose tiles a modality encoded: those that its own jobs tiled, and those that the jobs of another modality
 * tiled.
 */
const imagesOf = (modality: string, { tiled, shared }: ImageInput): readonly TiledImage[] =>
  [
    ...tiled.filter((one) => one.modality === modality),
    ...shared.filter((one) => one.modality === modality).map((one) => one.tiled),
  ].flatMap(({ images }) => images);

function countRow(modality: string, title: string, input: ImageInput): Html {
  const images = imagesOf(modality, input);
  const having = (outcome: string): number => images.filter((image) => image.outcome === outcome).length;
  const sources = countsOf(images.flatMap(({ image }) => (image ? [image.mpp?.source ?? 'unknown'] : [])));
  const bad = (count: number): Html => (count === 0 ? html`0` : html`<span class="bad">${count}</span>`);
  return html`<tr>
    <th scope="row">${title}</th>
    <td>${images.length}</td>
    <td>${having('ok')}</td>
    <td>${bad(having('empty'))}</td>
    <td>${bad(having('failed'))}</td>
    <td>${images.reduce((sum, { rows }) => sum + rows, 0)}</td>
    <td>${sources.map(([source, count]) => `${source} ${count}`).join(', ') || undefinedText}</td>
    <td>${encodersOf(modality, input)}</td>
  </tr>`;
}

/**
 * Says which modalities use the tiles of another one. The pictures of these tiles are listed only with the modality
 * whose jobs made the tiles.
 */
function sharedTexts(input: ImageInput, titles: Readonly<Record<string, string>>): readonly Html[] {
  const titleOf = (modality: string): string => titles[modality] ?? modality;
  return modalitiesOf(input.shared).map((modality) => {
    const shared = input.shared.filter((one) => one.modality === modality).map(({ tiled }) => tiled);
    const owners = listed([...new Set(shared.map((one) => titleOf(one.modality)))]);
    const count = shared.reduce((sum, { images }) => sum + images.length, 0);
    return html`<p>
      ${titleOf(modality)} uses the tiles of ${owners} for ${count} of its
      ${counted(imagesOf(modality, input).length, 'image')}. The pictures of these tiles are with ${owners}.
    </p>`;
  });
}

/** The names of the encoders of a modality. */
const encodersOf = (modality: string, { features }: ImageInput): string => {
  const names = features
    .filter((one) => one.modality === modality)
    .flatMap(({ index }) => index.encoder ?? []);
  return [...new Set(names)].join(', ') || undefinedText;
};

/** The number of times each value occurs, most frequent first. */
function countsOf(values: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** A default pixel size is a guess that all numbers below depend on, so the slides with it are named. */
function defaultMppText({ tiled }: ImageInput): Html {
  const guessed = tiled
    .flatMap(({ images }) => images)
    .filter(({ image }) => image?.mpp?.source === 'tile.defaultMpp')
    .map(({ id }) => id);
  if (guessed.length === 0) return html``;
  const who = guessed.length === 1 ? '1 slide does' : `${guessed.length} slides do`;
  return html`<p class="bad">
    ${who} not say the size of a pixel, so tile.defaultMpp was taken: ${namesText(guessed)}.
  </p>`;
}

/** HANCOCK: which stains patients lack. Patients without any core are not counted here. */
function stainTable({ features, patients }: ImageInput): Html {
  const having = new Map<string, Set<string>>();
  const stained = new Set(
    features
      .filter(({ index }) => index.bags.some(({ source }) => stains.some((stain) => stain === source)))
      .map(({ modality }) => modality),
  );
  if (stained.size === 0) return html``;
  for (const { modality, index } of features)
    if (stained.has(modality))
      for (const { patient, source, rows } of index.bags)
        if (rows > 0 && patient !== null) having.set(patient, (having.get(patient) ?? new Set()).add(source));
  const withCores = patients.filter((patient) => having.has(patient));
  return html`<div class="scroll">
    <table>
      <caption>
        Stains of the ${withCores.length} patients with cores
      </caption>
      <thead>
        <tr>
          <th scope="col">Stain</th>
          <th scope="col">Patients</th>
          <th scope="col">Without</th>
          <th scope="col" class="names">Who lacks it</th>
        </tr>
      </thead>
      <tbody>
        ${stains.map((stain) => {
          const without = withCores.filter((patient) => having.get(patient)?.has(stain) !== true);
          return html`<tr>
            <th scope="row">${stain}</th>
            <td>${withCores.length - without.length}</td>
            <td>${without.length}</td>
            <td class="names">${namesText(without)}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

const namesText = (names: readonly string[]): string =>
  names.length <= mostNames
    ? names.join(', ')
    : `${names.slice(0, mostNames).join(', ')} and ${names.length - mostNames} more`;
