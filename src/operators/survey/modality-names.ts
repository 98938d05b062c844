import { reservedNames } from '../../pipeline/core/modality.js';

/** Words that are written in capitals in a modality name. */
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
/**
 * Folder names that do not say what the features show. If such a folder has several files, its modality is named WSI,
 * because most of these folders hold features of slides.
 */
const generic =
  /^(|\.|data|features?|feats|embeddings?|slides?|wsis?|tiles?|patches|h5|pt|npy|h5[_-]?files|pt[_-]?files|uni\d?|uni[_-].*|conch.*|virchow.*|gigapath.*|ctranspath.*|features[_-].*)$/i;

/**
 * Derives names of modalities from file names: `clini.csv` gives Clini, `rna.csv` RNA, `lab_values.csv` LabValues. No
 * name is given twice.
 */
export class ModalityNames {
  readonly #taken = new Set(reservedNames);

  table(stem: string): string {
    return this.#unique(named(stem, 'Table'));
  }

  /**
   * @param folder - relative to the data folder;
   * @param stem - of the only file in the folder, null if the folder has several files
   */
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

/** ASCII letters and digits, each word capitalised. `otherwise` is put before a name that begins with a digit. */
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
