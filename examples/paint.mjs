// Paint 100 steps and print how many were taken, and the loss. Node 22 or newer:
//     STYLETUNE_TOKEN=… node examples/paint.mjs [URL]
// In a browser the page's cookie takes the place of the header.

const url = process.argv[2] ?? "http://localhost:8018";
const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, {
  headers: { Authorization: `Bearer ${process.env.STYLETUNE_TOKEN}` },
});
const paint = { type: "paint", steps: 100, controls: { "style.block3_conv1": 0.8 }, seq: 1 };
socket.onopen = () => socket.send(JSON.stringify(paint));
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.type === "error") throw new Error(message.message);
  if (message.run?.done) {
    console.log(message.run.step, message.total);
    socket.close();
  }
};
