// What the file begins with: it unpacks the page's code and runs it, or shows the words for a browser that cannot.

const packed = document.getElementById("vrest-code").textContent;

async function open() {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const script = document.createElement("script");
  script.textContent = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  document.body.append(script);
}

if (typeof DecompressionStream === "function") open();
else {
  const [scripts, old] = document.getElementById("vrest").children;
  scripts.hidden = true;
  old.hidden = false;
  document.documentElement.dataset.vrest = "refused";
}
