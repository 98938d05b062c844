/** Attributes and keys by which tools name the slide or patient that a file is of (TRIDENT writes `name`). */
const selfNames: readonly string[] = [
  ...['name', 'slide', 'slide_id', 'slide_name', 'wsi', 'wsi_id', 'wsi_name', 'image', 'image_id'],
  ...['file', 'filename', 'file_name', 'case', 'case_id', 'patient', 'patient_id'],
];

/** The different names that a file gives itself. @param texts - the text of an attribute or key; null when there is none */
export const namesSaid = (texts: (name: string) => readonly unknown[]): readonly string[] => [
  ...new Set(
    selfNames
      .flatMap(texts)
      .filter((text) => typeof text === 'string')
      .map((text) => text.trim())
      .filter((text) => text !== ''),
  ),
];
