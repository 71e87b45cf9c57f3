import vue from "eslint-plugin-vue";
import ts from "typescript-eslint";

// What browsers learnt after Chromium 109, the last for Windows 7 desks. Of the language itself, tsconfig's ES2022 is
// the limit; these are of the browser.
const TOO_NEW = [
  ["AbortSignal", "any"], ["URL", "canParse"], ["URL", "parse"], ["document", "startViewTransition"],
  ["CSS", "highlights"], ["HTMLElement", "showPopover"], ["Promise", "try"], ["scheduler", "yield"],
].map(([object, property]) => ({ object, property, message: "Not in Chromium 109." }));

export default ts.config(
  { ignores: ["node_modules/", "openapi.json", "src/api/schema.d.ts"] },
  ...ts.configs.recommended,
  ...vue.configs["flat/essential"],
  {
    files: ["**/*.vue"],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    files: ["public/sw.js"],
    languageOptions: { globals: { self: "readonly", URL: "readonly" } },
  },
  {
    files: ["src/**"],
    rules: {
      "vue/no-v-html": "error",
      "vue/no-static-inline-styles": "error",
      "no-restricted-syntax": ["error", { selector: "Literal[value=/^https?:\\/\\//]", message: "Nothing from outside." }],
      "vue/multi-word-component-names": "off",
      eqeqeq: "error",
      "no-restricted-properties": ["error", ...TOO_NEW],
    },
  },
);
