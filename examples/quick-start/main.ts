import { loadDataset, Recommender, saveModel, train, trainedModel } from 'taurec';

const data = await loadDataset({ train: 'likes.csv', user: 'user', item: 'film', validRatio: 0.1 });
const result = await train(data, { loss: 'bsl', seed: 1, refit: true });
await saveModel('model', trainedModel(data, result));

const recommender = await Recommender.open('model');
console.log(recommender.recommend('4', { k: 3 }));
console.log(recommender.similarItems('Railway: Distant Lanterns', { k: 3 }));
console.log(recommender.recommendFor(['Railway: Distant Lanterns', 'Garden: Restless Maps'], { k: 3 }));
await recommender.close();
