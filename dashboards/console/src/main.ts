import { createApp } from "vue";
import App from "./App.vue";
import { router } from "./routes";
import { restore } from "./state/session";
import "./state/live";
import "./state/theme";
import { language, setLanguage } from "./words";
import "./style/base.css";
import "./style/shell.css";
import "./style/room.css";
import "./style/page.css";
import "./style/phone.css";
import "./style/plan.css";
import "./style/rosters.css";
import "./style/wall.css";

setLanguage(language.value);
void restore().catch(() => undefined);
createApp(App).use(router).mount("#app");
