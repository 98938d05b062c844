import type { Job } from '../pipeline/bus/job.js';
import type { Recipe } from '../pipeline/recipe.js';

/**
 * A job made ready on this machine: its recipe read, its sources' paths checked to hold the right content here, its
 * input artifacts readable. What a thread or trainer process is handed.
 */
export type Work = Job &
  Pick<Recipe, 'config' | 'inputs'> & {
    /** Folder of the store on this machine, laid out as a FileStore. */
    readonly root: string;
  };
