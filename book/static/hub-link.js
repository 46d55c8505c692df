// A form that makes a link for a JupyterHub with nbgitpuller: it fetches a repository into a student's home and opens a
// place in it. Nothing is sent anywhere. A page asks for the form by <div class="hub-link">.
"use strict";

const WORDS = {
  en: {
    hub: "Address of your hub",
    repository: "Address of the repository",
    branch: "Branch",
    place: "What opens: a notebook or a folder",
    link: "The link for your students",
    wrong: (what) => `${what}: an address that begins with https:// or http:// is needed`,
  },
  zh: {
    hub: "你的 hub 的地址",
    repository: "仓库的地址",
    branch: "分支",
    place: "打开什么：notebook 或文件夹",
    link: "给学生的链接",
    wrong: (what) => `${what}：需要以 https:// 或 http:// 开头的地址`,
  },
};

// The address as a URL, or null: what is no web address could be a script.
function webAddress(text) {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  return url && /^https?:$/.test(url.protocol) && url.hostname ? url : null;
}

// The link, in the form that nbgitpuller documents ("Options in an nbgitpuller URL"); null where an address is none.
function hubLink({ hub, repository, branch, place }) {
  const [link, from] = [webAddress(hub), webAddress(repository)];
  if (!link || !from) return null;
  const folder = from.pathname.replace(/\/+$/, "").replace(/\.git$/, "").split("/").pop();
  const inside = place.trim().replace(/^\/+/, "");
  link.pathname = link.pathname.replace(/\/*(hub\/?.*)?$/, "/hub/user-redirect/git-pull");
  link.hash = "";
  link.search = new URLSearchParams({
    repo: from.href,
    ...(branch.trim() && { branch: branch.trim() }),
    urlpath: `lab/tree/${[folder, inside].filter(Boolean).join("/")}`,
  });
  return link.href;
}

function build(box, words, repository) {
  const start = { hub: "", repository, branch: "main", place: "notebooks/41-explorer.ipynb" };
  const fields = Object.keys(start).map((name) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { name, value: start[name], type: "text", autocomplete: "off", spellcheck: false });
    if (name === "hub" || name === "repository") input.placeholder = "https://";
    label.append(words[name], input);
    return input;
  });
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  const show = () => {
    const values = Object.fromEntries(fields.map((field) => [field.name, field.value]));
    const wrong = fields.slice(0, 2).filter((field) => field.value.trim() && !webAddress(field.value));
    for (const field of fields) field.setAttribute("aria-invalid", wrong.includes(field));
    const href = hubLink(values);
    const anchor = document.createElement("a");
    if (href) Object.assign(anchor, { href, textContent: href });
    const faults = wrong.map((field) => words.wrong(words[field.name])).join(" ");
    said.replaceChildren(...(href ? [`${words.link}: `, anchor] : [faults]));
  };
  const form = document.createElement("form");
  form.append(...fields.map((field) => field.parentElement), said);
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  box.replaceChildren(form);
}

if (typeof document === "object") {
  const words = WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en;
  const repository = document.currentScript?.dataset.repository ?? "";
  for (const box of document.querySelectorAll(".hub-link")) build(box, words, repository);
}
