/** Attributes and keys in which tools write the name of the slide or patient (TRIDENT writes `name`). */
const selfNames: readonly string[] = [
  ...['name', 'slide', 'slide_id', 'slide_name', 'wsi', 'wsi_id', 'wsi_name', 'image', 'image_id'],
  ...['file', 'filename', 'file_name', 'case', 'case_id', 'patient', 'patient_id'],
];

/**
 * The distinct names of a slide or patient that the content of a file gives.
 * @param texts - returns the texts of the attribute or key with this name; empty if the file lacks it
 */
export const namesSaid = (texts: (name: string) => readonly unknown[]): readonly string[] => [
  ...new Set(
    selfNames
      .flatMap(texts)
      .filter((text) => typeof text === 'string')
      .map((text) => text.trim())
      .filter((text) => text !== ''),
  ),
];
