import { connect } from "sockjax";
import { use } from "./call.js";

try {
  console.log(await use(connect, process.argv[2]));
} catch (error) {
  console.log(`${error.name}: ${error.message}`);
}
