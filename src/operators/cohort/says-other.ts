import { stemOf } from '../../pipeline/core/file-name.js';
import { fileEndings } from '../../pipeline/core/file-endings.js';
import { patientIn, type IdRule, type NameRule } from '../../pipeline/core/naming.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';

/** A file of bags, and the names of slides or patients in its content. */
export interface SayingFile {
  /** Path relative to the data root. Null for the cores of a patient. */
  readonly file: string | null;
  readonly modality: ModalityId;
  readonly index: {
    /** The slides or patients that the content of the file names. */
    readonly says?: readonly string[] | undefined;
    readonly bags: readonly { readonly patient: string | null }[];
  };
}

/** How file names of a modality give the patient. */
export interface Whose {
  /** How the name of a file gives the patient. Null if a table gives the patient. */
  readonly rule: NameRule | null;
  readonly idOf: IdRule;
  /** Patients with an outcome. */
  readonly known: ReadonlySet<string>;
}

/**
 * Warns of files whose content names another patient than their file name: the content has the name of another file, or
 * a name that the rule of the modality reads as another patient.
 */
export function saysOther(files: readonly SayingFile[], whose: Whose): readonly Problem[] {
  const one = files.flatMap((of) => {
    const patients = new Set(of.index.bags.map(({ patient }) => patient));
    const [patient = null] = patients;
    return patients.size === 1 && patient !== null && of.file !== null
      ? [{ of, patient, stem: plain(of.file) }]
      : [];
  });
  const owners = new Map(one.map(({ patient, stem }) => [stem, patient]));
  return one.flatMap(({ of, patient, stem }) =>
    (of.index.says ?? []).flatMap((said): Problem[] => {
      const name = plain(said);
      const other = name === stem ? patient : (owners.get(name) ?? ruled(name, whose));
      if (other === null || other === patient) return [];
      return [
        {
          ...{ severity: 'warning', stage: 'cohort', patient, file: of.file, place: of.modality },
          reason: `The file says inside that it is of "${said}", which is patient ${other}; its name says patient ${patient}.`,
          fix: 'Check which of the two is right, then rename the file or extract its features again.',
        },
      ];
    }),
  );
}

/**
 * The patient that a name means. Null if it means none. A rule with a pattern accepts any id that it finds. Any other
 * rule accepts only the id of a patient with an outcome.
 */
function ruled(name: string, { rule, idOf, known }: Whose): string | null {
  if (known.has(name)) return name;
  if (rule === null) return null;
  const text = patientIn(rule, name);
  const id = text === null || rule === 'hancock' ? text : idOf(text);
  return id !== null && (typeof rule === 'object' || known.has(id)) ? id : null;
}

/** A name without folders, also those of Windows, and without the ending of a slide or feature file. */
function plain(name: string): string {
  const base = name.normalize('NFC').split(/[\\/]/).at(-1) ?? '';
  return fileEndings.some((ending) => base.toLowerCase().endsWith(ending)) ? stemOf(base) : base;
}
