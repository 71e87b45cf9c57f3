import vue from "eslint-plugin-vue";
import ts from "typescript-eslint";

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
    },
  },
);
