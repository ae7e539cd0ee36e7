"""Words from which the fictional portfolio is composed: written for it, taken from no list."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


SURNAMES = _words("""
Abadie Allard Amiot Andrieu Arnal Aubin Baillet Barbotin Bastide Baudry Belhache Benaïssa Bernier
Berthelot Besnard Blanchet Boisseau Bonnefoy Bouchet Boulay Bourdin Brault Brunet Cadiou Calvet
Camus Carpentier Castel Cazenave Chabert Chapuis Charrier Chauvin Clavel Colas Coquelin Cordier
Courtois Crespin Dabadie Daumas Delacourt Delmas Deschamps Diallo Doucet Duchêne Dufresne Dumas
Duplessis Escoffier Estève Fauconnier Fayolle Fernandes Ferrand Fleury Forestier Fouquet Gaillard
Garnier Gaudin Gautrot Germain Gilbert Girardot Godard Grandjean Guérin Guilloux Haddad Hamelin
Hervé Heitz Hoarau Hubert Imbert Jaouen Jourdain Kerbrat Kieffer Klein Lacombe Lafarge Lambert
Lamy Laurent Lavigne Leblanc Lebrun Lefort Legrand Lemaître Léonard Leroux Lévêque Lorrain Loubet
Maillard Marchal Marquet Martel Masson Mercier Meunier Michaud Monnier Moreau Morvan Muller
Navarro Neveu Nguyen Noël Ollivier Oudin Pascal Payet Pelletier Perrier Picard Poirier Poulain
Prigent Quéré Rabier Ravier Renard Reynaud Ricard Rivière Rochard Rolland Roussel Sabatier
Salvat Santini Sauvage Schmitt Seguin Simonet Soulier Tessier Thibault Tournier Traoré Vaillant
Valette Vasseur Verdier Vidal Vigneron Villard Voisin Wagner Weber Zeller
""")

FIRST_NAMES = _words("""
Adèle Agnès Alain Alice Amina Antoine Arthur Aurélie Benoît Bruno Camille Cécile Chloé Claire
Damien David Denis Élise Émilie Éric Fabien Fanny Florence François Gaëlle Gilles Hélène Hugo
Inès Isabelle Jacques Jérôme Julie Karim Laure Laurent Léa Louis Lucie Marc Margaux Marie Mathieu
Maud Nadia Nathalie Nicolas Noémie Olivier Pascale Patrick Paul Pauline Rachid Romain Sabine
Sandrine Sébastien Sophie Sylvie Thierry Thomas Valérie Vincent Yann Yasmina Zoé
""")

# Trade as it opens a company name, with the segment it belongs to.
TRADES = {
    "Boulangerie": "commerce", "Boucherie": "commerce", "Pharmacie": "santé",
    "Garage": "automobile", "Carrosserie": "automobile", "Menuiserie": "artisanat",
    "Imprimerie": "industrie", "Fonderie": "industrie", "Transports": "transport",
    "Hôtel": "hôtellerie", "Restaurant": "hôtellerie", "Brasserie": "hôtellerie",
    "Clinique": "santé", "Laboratoire": "santé", "Pressing": "commerce",
    "Fromagerie": "agroalimentaire", "Conserverie": "agroalimentaire", "Cave": "agroalimentaire",
    "Scierie": "industrie", "Tôlerie": "industrie", "Mécanique": "industrie",
    "Agence": "services", "Cabinet": "services", "Résidence": "immobilier",
    "Syndic": "immobilier", "Immobilière": "immobilier", "Serres": "agriculture",
    "Pépinières": "agriculture", "Ateliers": "industrie", "Entrepôts": "transport",
}  # fmt: skip

INVENTED = _words("""
Alvéor Brisélia Calypsor Dorvane Élantys Fabrivor Galdéra Hélioval Isorane Jovéris Kaltéo
Lumarine Maréval Novaltis Orphéal Pélagor Quorélis Rivalune Sévéra Talméo Ulvaris Verdalys
Zéphirol Armonéa Boréalp Cimésia Dunéo Estuval Floréane Granéval
""")

PLACES = _phrases("""
du Vieux Pont
des Trois Tilleuls
de la Halle
du Grand Large
des Deux Rives
du Moulin Neuf
de la Source
des Coteaux
du Quai Vert
de la Gare
des Remparts
du Lavoir
""")

LEGAL_FORMS = (
    ("SARL", 38),
    ("SAS", 34),
    ("EURL", 9),
    ("SASU", 10),
    ("SA", 4),
    ("SCI", 3),
    ("SNC", 2),
)

# Invented communes and valleys: no real public body is shown as a debtor.
COMMUNES = _phrases("""
Valorbise
Saint-Elven-les-Prés
Mortefontaine-la-Haute
Courcelange
Brévaulx-sur-Auzance
Montrésan
Villers-Longuerive
Esquermont
La Chapelle-Orvane
Pontardin
""")

PUBLIC_NAMES = _phrases("""
Commune de {commune}
Mairie de {commune}
Centre communal d'action sociale de {commune}
Lycée {first} {surname}
Collège {first} {surname}
Centre hospitalier de {commune}
Communauté de communes du Pays de {commune}
Office public de l'habitat de {commune}
Syndicat intercommunal des eaux de {commune}
École maternelle {first} {surname}
""")

STREETS = _phrases("""
rue des Forges
rue du Four à Chaux
avenue du Port
rue de la Tannerie
boulevard des Alliés
rue Basse
chemin des Vergers
impasse du Puits
place du Marché
rue des Carmes
allée des Platanes
route de la Vallée
rue du Faubourg
quai des Mariniers
rue de l'Industrie
avenue de la République
rue Pasteur
rue des Écoles
zone artisanale des Prés
rue du Château
""")

# Postcode and town; the department is in the postcode. Weighted towards the west, where the
# creditor is, with Alsace-Moselle (57, 67, 68) and overseas departments for their own holidays.
TOWNS = tuple(
    (line[:5], line[6:])
    for line in _phrases("""
49000 Angers
49300 Cholet
49400 Saumur
44000 Nantes
44600 Saint-Nazaire
72000 Le Mans
53000 Laval
85000 La Roche-sur-Yon
79000 Niort
37000 Tours
35000 Rennes
35400 Saint-Malo
56000 Vannes
56100 Lorient
29200 Brest
29000 Quimper
22000 Saint-Brieuc
86000 Poitiers
17000 La Rochelle
16000 Angoulême
87000 Limoges
33000 Bordeaux
64000 Pau
31000 Toulouse
81000 Albi
82000 Montauban
34000 Montpellier
30000 Nîmes
66000 Perpignan
13008 Marseille
83000 Toulon
06000 Nice
84000 Avignon
26000 Valence
69003 Lyon
69007 Lyon
42000 Saint-Étienne
38000 Grenoble
74000 Annecy
63000 Clermont-Ferrand
71000 Mâcon
21000 Dijon
25000 Besançon
58000 Nevers
18000 Bourges
45000 Orléans
41000 Blois
28000 Chartres
75011 Paris
75015 Paris
92100 Boulogne-Billancourt
93100 Montreuil
94300 Vincennes
78000 Versailles
95300 Pontoise
77000 Melun
76000 Rouen
76600 Le Havre
14000 Caen
61000 Alençon
80000 Amiens
59000 Lille
62000 Arras
51100 Reims
10000 Troyes
54000 Nancy
88000 Épinal
57000 Metz
57200 Sarreguemines
67000 Strasbourg
67500 Haguenau
68000 Colmar
68100 Mulhouse
97200 Fort-de-France
97122 Baie-Mahault
97400 Saint-Denis
97410 Saint-Pierre
97300 Cayenne
""")
)

# What the creditor sells, by customer kind: label and a usual price without VAT, in cents.
WORKS = {
    "company": (
        ("Entretien annuel chaufferie", 98_000), ("Dépannage brûleur", 41_500),
        ("Remplacement circulateur", 126_000), ("Installation pompe à chaleur", 1_180_000),
        ("Climatisation réversible", 462_000), ("Contrôle d'étanchéité", 29_000),
        ("Désembouage réseau", 187_000), ("Fourniture de robinetterie", 64_000),
        ("Ventilation double flux", 735_000), ("Mise aux normes gaz", 233_000),
    ),
    "public": (
        ("Marché d'exploitation, acompte", 345_000), ("Remplacement chaudière école", 1_420_000),
        ("Entretien des gymnases", 218_000), ("Dépannage hors forfait", 54_000),
        ("Ramonage réglementaire", 38_000),
    ),
    "consumer": (
        ("Entretien chaudière", 13_900), ("Dépannage à domicile", 18_500),
        ("Remplacement ballon d'eau chaude", 119_000), ("Pose d'un poêle", 385_000),
        ("Remplacement thermostat", 24_500),
    ),
}  # fmt: skip
