import type { Artifact } from '../pipeline/stage.js';

/**
 * An artifact of which only the declared files can be opened. Without a declaration all files can. A remote machine fetches the
 * declared files only. So a stage that opens another file must fail on every machine, and not only on a remote one.
 */
export function openable(artifact: Artifact, files: readonly string[] | undefined): Artifact {
  if (files === undefined) return artifact;
  const declared = (file: string): string => {
    if (files.includes(file)) return file;
    throw new Error(
      `A stage opens ${file} of artifact ${artifact.id.slice(0, 12)}, which stages.ts does not list in its "opens"`,
    );
  };
  return {
    id: artifact.id,
    unit: artifact.unit,
    json: (file, schema) => artifact.json(declared(file), schema),
    bytes: (file) => artifact.bytes(declared(file)),
    path: (file) => artifact.path(declared(file)),
    wait: (read) => artifact.wait(read),
  };
}
