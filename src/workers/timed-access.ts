import type { Artifact } from '../pipeline/stage.js';

/** Seconds that a job has spent reading its input artifacts. */
export interface ReadTime {
  seconds: number;
}

/** An artifact that adds what each access takes - reading, checking content, parsing - to `time`. */
export function timedAccess(artifact: Artifact, time: ReadTime): Artifact {
  const timed = <T>(access: () => T): T => {
    const started = performance.now();
    try {
      return access();
    } finally {
      time.seconds += (performance.now() - started) / 1000;
    }
  };
  return {
    id: artifact.id,
    unit: artifact.unit,
    path: (file) => timed(() => artifact.path(file)),
    bytes: (file) => timed(() => artifact.bytes(file)),
    json: (file, schema) => timed(() => artifact.json(file, schema)),
    wait: async (read) => {
      const started = performance.now();
      try {
        return await artifact.wait(read);
      } finally {
        time.seconds += (performance.now() - started) / 1000;
      }
    },
  };
}
