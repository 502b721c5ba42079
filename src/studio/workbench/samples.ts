import { syntheticShop } from '../../data/synthetic-shop.ts';
import type { Sample } from './host.ts';

/** Groups of items that the people of the toy like together. */
const toyShelves = {
  cheese: ['Brie', 'Gouda', 'Cheddar', 'Feta'],
  fruit: ['Apple', 'Pear', 'Plum', 'Cherry'],
  bread: ['Rye', 'Baguette', 'Bagel', 'Pretzel'],
} as const;

/** What each person of the toy bought, by the first letters of the shelf and the number of the item on it. */
const toyPeople: Readonly<Record<string, string>> = {
  Ada: 'c1 c2 c3 b1',
  Ben: 'c1 c2 c4',
  Cleo: 'c2 c3 c4 f1',
  Dan: 'c1 c3 c4 b2',
  Edith: 'f1 f2 f3',
  Fay: 'f1 f2 f4 c1',
  Gus: 'f2 f3 f4',
  Hana: 'f1 f3 f4 b3',
  Ivo: 'b1 b2 b3',
  June: 'b1 b2 b4 f2',
  Kai: 'b2 b3 b4',
  Lea: 'b1 b3 b4 c2',
  Max: 'c1 c2 b1 b2',
  Nora: 'c3 c4 f3 f4',
  Otto: 'f1 f2 b3 b4',
  Pia: 'c1 f1 b1',
};

const shelfOf: Readonly<Record<string, keyof typeof toyShelves>> = { c: 'cheese', f: 'fruit', b: 'bread' };

/** 16 people and 12 items with readable names; the times are hours apart. */
export const toy: Sample = {
  id: 'toy',
  name: 'Toy: 12 items',
  about: 'Sixteen people who buy cheese, fruit and bread: small enough to see every number.',
  log: () => {
    const rows = Object.entries(toyPeople).flatMap(([user, bought], u) =>
      bought.split(' ').map((code, at) => {
        const item = toyShelves[shelfOf[code[0]!]!][Number(code[1]) - 1]!;
        return `${user},${item},${1_735_689_600 + 3600 * (at * 24 + u)}`;
      }),
    );
    return { name: 'toy.csv', content: csv('user,item,time', rows) };
  },
  catalogue: () => {
    const rows = Object.entries(toyShelves).flatMap(([shelf, items]) =>
      items.map((item) => `${item},${item},${shelf}`),
    );
    return { name: 'toy-items.csv', content: csv('item,title,shelf', rows) };
  },
};

/** The made-up shop of `syntheticShop`. */
export const shop: Sample = {
  id: 'shop',
  name: 'Made-up shop',
  about: 'A generated shop: 1,500 people view, cart, buy and return 400 items with categories, brands and prices.',
  log: () => {
    const { events } = madeUpShop();
    const rows = events.map(({ user, item, time, event }) => `${user},${item},${time},${event}`);
    return { name: 'shop.csv', content: csv('user,item,time,event', rows) };
  },
  catalogue: () => {
    const rows = madeUpShop().items.map(
      ({ id, title, category, brand, price, available, released }) =>
        `${id},${title},${category.join('|')},${brand},${price},${available},${new Date(1000 * released).toISOString()}`,
    );
    return { name: 'shop-items.csv', content: csv('item,title,category,brand,price,available,released', rows) };
  },
};

const madeUpShop = () => syntheticShop({ users: 1500, items: 400, seed: 1 });

const csv = (header: string, rows: readonly string[]) => `${[header, ...rows].join('\n')}\n`;
