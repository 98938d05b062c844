const loading = new Map<string, Promise<void>>();

/** Loads a script whose address is relative to the page. Another call for the same script does not load it again. */
export function loadScript(name: string): Promise<void> {
  const address = new URL(name, document.baseURI).href;
  const known = loading.get(address);
  if (known) return known;
  const loaded = new Promise<void>((resolve, reject) => {
    const script = document.createElement('script');
    script.src = address;
    script.addEventListener('load', () => {
      script.remove();
      resolve();
    });
    script.addEventListener('error', () => {
      script.remove();
      // A file that is missing now may exist later, so the failure is not cached.
      loading.delete(address);
      reject(new Error(`${address} cannot be loaded.`));
    });
    document.head.append(script);
  });
  loading.set(address, loaded);
  return loaded;
}
