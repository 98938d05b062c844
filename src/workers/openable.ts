import type { Artifact } from '../pipeline/stage.js';

/**
 * An artifact of which only the declared files open; without a declaration all do. On another machine the others
 * are not there, so that a stage which opens one must fail on every machine, not only there.
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
