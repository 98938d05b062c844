import sharp from 'sharp';

// libvips caches opened files by name. In a long-running worker, a file that was replaced under its name would give
// the pixels of the old file.
sharp.cache(false);

export { sharp };
