/** The only document of the page. Its script (`src/page`) builds the content. */
export const pageHtml = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>haf-pipeline</title>
    <link rel="icon" href="data:," />
    <script defer src="/assets/page.js"></script>
    <link rel="stylesheet" href="/assets/style.css" />
    <link rel="stylesheet" href="/assets/uplot.css" />
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header>
      <nav aria-label="Runs and views" id="nav"><a href="#/">Runs</a></nav>
    </header>
    <main id="main" tabindex="-1"><p class="soft">Loading</p></main>
    <div id="news" role="status" aria-live="polite" class="news"></div>
    <noscript><p>This page needs JavaScript. The report of a run does not: report.html in its directory.</p></noscript>
  </body>
</html>
`;
