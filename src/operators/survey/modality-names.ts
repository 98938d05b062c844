import { reservedNames } from '../../pipeline/core/modality.js';

/** Words that are written in capitals. */
const acronyms = new Set([
  'rna',
  'mrna',
  'mirna',
  'dna',
  'cnv',
  'cna',
  'snp',
  'snv',
  'wsi',
  'tma',
  'ct',
  'mri',
  'pet',
  'icd',
  'ihc',
  'he',
]);
/** Folders that say nothing of what the features are of; most such folders hold those of slides. */
const generic =
  /^(|\.|data|features?|feats|embeddings?|slides?|wsis?|tiles?|patches|h5|pt|npy|h5[_-]?files|pt[_-]?files|uni\d?|uni[_-].*|conch.*|virchow.*|gigapath.*|ctranspath.*|features[_-].*)$/i;

/** Names modalities after files: `clini.csv` is Clini, `rna.csv` RNA, `lab_values.csv` LabValues. No name is given twice. */
export class ModalityNames {
  readonly #taken = new Set(reservedNames);

  table(stem: string): string {
    return this.#unique(named(stem, 'Table'));
  }

  /** @param folder - below the data folder; @param stem - of the only file, null for several */
  bag(folder: string, stem: string | null): string {
    const last = folder.split('/').at(-1) ?? '';
    if (stem !== null && generic.test(last)) return this.#unique(named(stem, 'Bag'));
    return this.#unique(generic.test(last) ? 'WSI' : named(last, 'Bag'));
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let n = 2; this.#taken.has(name.toLowerCase()); n++) name = `${wanted}${n}`;
    this.#taken.add(name.toLowerCase());
    return name;
  }
}

/** Letters and digits of ASCII, each word with a capital; `otherwise` stands before a name that begins with a digit. */
function named(stem: string, otherwise: string): string {
  const words = stem
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .split(/[^0-9A-Za-z]+/)
    .filter((word) => word !== '');
  const name = words
    .map((word) =>
      acronyms.has(word.toLowerCase()) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1),
    )
    .join('');
  return /^[A-Za-z]/.test(name) ? name : `${otherwise}${name}`;
}
