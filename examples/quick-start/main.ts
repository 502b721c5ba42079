import { loadDataset, train } from 'taurec';

const data = await loadDataset({ train: 'likes.csv', user: 'user', item: 'film', validRatio: 0.1 });
const model = await train(data, { seed: 1, refit: true });
console.log(model.recommend('4', { k: 3 }));
console.log(model.similarItems('Railway: Distant Lanterns', { k: 3 }));
console.log(model.recommendFor(['Railway: Distant Lanterns', 'Garden: Restless Maps'], { k: 3 }));
await model.save('model');
await model.close();
