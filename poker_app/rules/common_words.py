"""Words that people use as a password, or build one from: from lists that were published after thefts, in lower
case."""

COMMON_WORDS = frozenset(
    """
    password passwort passwords passw0rd pass word passe motdepasse contrasena senha wachtwoord haslo parola salasana
    secret secrets geheim hemmelig login logon signin admin administrator root toor guest user username test tester
    testing demo default changeme change letmein open opensesame sesame welcome willkommen bienvenue bienvenido hello
    hallo bonjour hola access entry master superuser super superman batman spiderman ironman wonderwoman joker marvel
    avengers starwars startrek skywalker vader yoda jedi matrix hobbit gandalf frodo hogwarts harrypotter potter
    pokemon pikachu mario zelda minecraft fortnite roblox warcraft callofduty counterstrike gamer gaming naruto sonic
    mickey minnie disney snoopy garfield simpsons scooby tinkerbell iloveyou ilove iloveu loveyou loveme love lover
    lovely forever together darling sweetheart sweetie sweet honey baby babygirl babyboy babe angel angels princess
    prince queen king princesa amor teamo tequiero jetaime liebe schatz heart hearts kiss kisses beautiful gorgeous
    pretty cutie sexy happy happiness smile smiley lucky friend friends family mother father mommy daddy mama papa mom
    dad brother sister wife husband monkey dragon tiger lion eagle falcon hawk wolf bear panda horse pony unicorn
    dolphin shark turtle kitty kitten kittycat cat cats dog dogs doggy puppy bunny rabbit hamster chicken butterfly
    spider snake phoenix penguin elephant football fussball soccer baseball basketball hockey tennis golf rugby
    cricket volleyball swimming skateboard running liverpool chelsea arsenal manchester united barcelona realmadrid
    juventus bayern dortmund schalke celtic rangers everton tottenham yankees cowboys steelers lakers redsox eagles
    packers raiders broncos patriots dodgers ronaldo messi beckham zidane jordan summer winter spring autumn fall
    sommer herbst january february march april june july august september october november december monday tuesday
    wednesday thursday friday saturday sunday today tomorrow weekend holiday birthday christmas easter halloween
    sunshine sunny rainbow flower flowers rose roses lily daisy violet jasmine cherry apple apples banana orange lemon
    peach strawberry blueberry chocolate cookie cookies candy cupcake sugar cheese butter pizza pasta burger bacon
    coffee tea beer wine whiskey vodka water fire earth wind thunder lightning storm shadow midnight moon moonlight
    star stars starlight sun sky heaven ocean river island beach mountain forest garden red blue green yellow black
    white purple pink silver gold golden diamond crystal pearl ruby emerald computer internet google facebook youtube
    twitter instagram linkedin amazon microsoft windows linux android iphone samsung nokia sony toyota honda ferrari
    porsche mercedes bmw audi ford mustang corvette chevy harley yamaha money dollar cash million rich business
    company office work working manager boss team project server system network security secure private public
    internal external database oracle mysql postgres cisco temp temporary freedom liberty america american england
    london paris berlin madrid rome tokyo newyork chicago boston texas california florida canada australia germany
    deutschland france espana italia brasil mexico india pakistan china japan russia ukraine poland michael jennifer
    jessica ashley amanda daniel david robert thomas charlie andrew matthew joshua james john william richard george
    joseph christopher anthony nicole michelle elizabeth samantha stephanie melissa sarah laura anna maria marie julia
    emma sophie sophia olivia emily hannah lisa linda susan nancy karen barbara sandra andrea angela monica alexander
    alexandra alex max maximilian felix lukas jonas leon peter paul martin stefan andreas christian sebastian florian
    patrick oliver simon kevin jason justin brandon tyler hunter jackson austin dakota maggie buster ginger pepper
    bailey cooper rocky rocket buddy toby molly lucy bella sasha natasha nicolas carlos jose juan luis miguel jesus
    alejandro roberto fernando mohammed muhammad ahmed ali hassan fatima jesuschrist christ god godisgood faith hope
    blessed blessing peace grace church bible amen trustno1 whatever nothing something anything qwerty qwertz azerty
    asdf asdfgh zxcvbn zxcvbnm qazwsx qwe asd zxc abc abcd abcdef aaa xxx killer hacker ninja pirate warrior soldier
    marine police cowboy gangster rockstar metallica nirvana slipknot eminem beatles music guitar piano drums dance
    dancer singer winner legend hero champion number one first last best cool awesome amazing perfect magic
    magical power strong crazy stupid idiot loser asshole bitch fuck fuckyou fuckoff shit bullshit porn sex and the
    you are for not with this that have from my your our its ever me is in
    """.split()  # noqa: SIM905
)
