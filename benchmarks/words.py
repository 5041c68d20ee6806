"""The words that company names of the generated portfolio are made of."""

ENGLISH_FIRST = (
    "Adatum Alder Alpine Amber Apex Arbor Ash Atlas Aurora Beacon Birch Blue Bold Bridge Bright Cedar Cinder Clear "
    "Cobalt Compass Copper Coral Crescent Crown Delta Drift Eagle Ember Evergreen Falcon Fern First Flint Forest "
    "Fourth Frost Garnet Glacier Golden Granite Grand Green Harbor Hazel Heron High Horizon Indigo Iron Ivory Jade "
    "Juniper Kestrel Lantern Lark Laurel Liberty Lunar Maple Marble Meadow Meridian Mist Modern Mountain Noble North "
    "Oak Ocean Onyx Orchid Osprey Pacific Pearl Pine Pioneer Prairie Quartz Raven Ridge River Robin Sable Saffron "
    "Scarlet Sierra Silver Slate Solar South Spruce Stellar Summit Swift Tailspin Terra Thistle Timber Topaz Trail "
    "Tranquil Tundra Unity Urban Valley Velvet Vertex Vista Walnut Western Wide Willow Winter Woodgrove Zenith Zephyr"
).split()
ENGLISH_SECOND = (
    "Accounting Advisory Aerospace Agriculture Analytics Apparel Architects Automotive Bakeries Banking Biotech Books "
    "Brewing Builders Capital Catering Ceramics Chemicals Cinema Clinics Clothing Coaching Coffee Components "
    "Construction Consulting Couriers Dairy Dental Design Distribution Dynamics Education Electric Electronics Energy "
    "Engineering Events Fabrics Farms Films Finance Fisheries Fitness Flooring Foods Foundry Freight Furniture Games "
    "Gardens Glass Graphics Health Hotels Imports Instruments Insurance Interiors Jewellers Kitchens Laboratories "
    "Landscapes Leather Legal Lighting Logistics Lumber Machinery Marine Markets Media Medical Metals Mining Motors "
    "Museums Music Networks Optics Organics Packaging Paper Partners Pharmacy Photography Pictures Plastics Plumbing "
    "Pottery Press Printing Properties Publishing Recruitment Recycling Research Retail Robotics Roofing Rubber School "
    "Security Shipping Software Solutions Spices Sports Steel Storage Studios Supply Systems Textiles Theatre Tiles "
    "Timbers Tools Toys Trading Training Transport Travel Vehicles Ventures Video Vineyards Watches Water Weaving Works"
).split()
ENGLISH_LAST = ("Ltd", "Inc.", "LLC", "Group", "& Sons", "Holdings", "Company", "International", "China", "Asia")

SPANISH_FIRST = (
    "Diseños Muebles Viñedos Transportes Construcciones Panadería Ediciones Farmacéutica Ingeniería Librería Óptica "
    "Pinturas Química Repostería Seguros Tapicería Zapatería Cerámicas Bodegas Café Clínica Electrónica Fotografía "
    "Jardinería Lácteos Máquinas Náutica Orfebrería Peluquería Relojería Señalización Telefonía Almacenes Imprenta"
).split()
SPANISH_SECOND = (
    "Álvarez Núñez Peña Muñoz Ibáñez Gómez Rodríguez "
    "Fernández Jiménez Martínez Sánchez Pérez Domínguez Vázquez Ramírez "
    "Suárez Ordóñez Yáñez Calderón León Cárdenas Galván Marín Benítez Durán Espínola Guzmán Luján Méndez Ochoa Pavón "
    "Quiñones Rincón Salcedo Téllez Urrutia Villaseñor Zúñiga Bolaños Castañeda Ávila Córdoba Mérida Málaga Cádiz"
).split()
SPANISH_LAST = ("S.L.", "S.A.", "e Hijos", "Hermanos", "y Compañía", "del Sur", "del Norte", "Asociados")

CHINESE_PLACE = (
    "北京 上海 广州 深圳 天津 重庆 成都 杭州 南京 武汉 西安 苏州 "
    "青岛 大连 厦门 宁波 长沙 郑州 沈阳 济南 合肥 福州 昆明 无锡"
).split()
CHINESE_BRAND = (
    "明华 东方 金桥 长江 黄河 泰山 华夏 新星 天宇 远大 宏图 "
    "锦绣 恒信 嘉诚 瑞丰 博雅 晨光 双龙 海川 云帆 启明 盛世 和美 "
    "永安 顺达 中科 百川 千山 万里 九州 四海 三江 五岳 银河 星辰 "
    "朝阳 春雨 秋实 青松 翠竹 红梅 白鹭 飞鹰 神州 国泰 民生 康宁 "
    "福临 祥瑞 吉祥 如意 兴隆 广源 德润 仁和 义达 礼诚 智远 信达 精工 卓越 创新 领航 先锋 同方 联合 环宇 全球 未来"
).split()
CHINESE_TRADE = (
    "软件 网络 科技 电子 机械 食品 医药 物流 贸易 建材 纺织 化工 "
    "能源 环保 教育 文化 传媒 旅游 酒店 餐饮 服装 家具 汽车 农业 "
    "钢铁 造纸 印刷 玩具 陶瓷 茶叶"
).split()
CHINESE_LAST = ("有限公司", "股份有限公司", "集团", "有限责任公司", "实业公司")
