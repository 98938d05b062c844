import type { Job } from '../pipeline/bus/job.js';
import type { Recipe } from '../pipeline/recipe.js';

/**
 * A job that is ready to run on this machine: the recipe is read, the content of the source files is checked, and the
 * input artifacts are readable. A thread or a trainer process receives this object.
 */
export type Work = Job &
  Pick<Recipe, 'config' | 'inputs'> & {
    /** Folder of the store on this machine, with the layout of a FileStore. */
    readonly root: string;
  };
